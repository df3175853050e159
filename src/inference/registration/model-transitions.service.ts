import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AuditTrail } from '../../audit/audit-trail.service';
import type { Principal } from '../../http/principal';
import { ModelLifecycle } from '../../models/lifecycle/model-lifecycle.service';
import type { RollBackModelDto, TransitionModelDto } from '../../models/lifecycle/transition-model.dto';
import type { TransitionListResponse, TransitionResponse } from '../../models/lifecycle/transition.response';
import { type ModelResponse, toModelResponse } from '../../models/model.response';
import { EngineModels } from '../serving/engine-models.service';
import { ModelRegistration } from './model-registration.service';

/** Brings the registry's decisions and the engine together. */
@Injectable()
export class ModelTransitions {
  constructor(
    private readonly registration: ModelRegistration,
    private readonly lifecycle: ModelLifecycle,
    private readonly engineModels: EngineModels,
    private readonly trail: AuditTrail,
  ) {}

  /** 201 with a Location, or 200 for a version that was there already. */
  async register({ userId }: Principal, request: Request, response: Response): Promise<ModelResponse> {
    const { version, created } = await this.registration.register(request, userId);
    this.trail.describe({ objectType: 'model_version', objectId: version.id });
    response.status(created ? 201 : 200).setHeader('Location', `/models/${version.id}`);
    return toModelResponse(version, undefined);
  }

  transition(principal: Principal, id: string, body: TransitionModelDto): Promise<TransitionResponse> {
    return this.lifecycle.transition(principal, id, body, (version) => this.engineModels.prepare(version));
  }

  async rollBack(principal: Principal, id: string, body: RollBackModelDto): Promise<TransitionListResponse> {
    const prepare = this.engineModels.prepare.bind(this.engineModels);
    return { items: await this.lifecycle.rollBack(principal, id, body, prepare) };
  }
}
