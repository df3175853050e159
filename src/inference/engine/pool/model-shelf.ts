import type { EngineModel, ModelDescription } from '../inference-engine';

interface Place {
  readonly model: EngineModel;
  readonly description: ModelDescription;
}

/** The models that every process should hold, as far as there is memory for them. */
export class ModelShelf {
  /** The one used last is the last. */
  private readonly places = new Map<string, Place>();

  get(modelId: string): Place | undefined {
    return this.places.get(modelId);
  }

  put(model: EngineModel, description: ModelDescription): void {
    this.places.delete(model.id);
    this.places.set(model.id, { model, description });
  }

  /** Notes that the model is of use now. */
  touch(modelId: string): void {
    const place = this.places.get(modelId);
    if (place !== undefined) this.put(place.model, place.description);
  }

  remove(modelId: string): void {
    this.places.delete(modelId);
  }

  /** Memory that these models take. */
  bytesOf(modelIds: Iterable<string>): number {
    let bytes = 0;
    for (const id of modelIds) bytes += this.places.get(id)?.description.memoryBytes ?? 0;
    return bytes;
  }

  /** Those used last, as many as fit, but always one; the one used last is the first. */
  fitting(budgetBytes: number): EngineModel[] {
    const models: EngineModel[] = [];
    let bytes = 0;
    for (const { model, description } of [...this.places.values()].toReversed()) {
      bytes += description.memoryBytes;
      if (bytes > budgetBytes && models.length > 0) break;
      models.push(model);
    }
    return models;
  }
}
