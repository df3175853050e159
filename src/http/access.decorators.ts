import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { ROLES, type Role } from './principal';

export const PUBLIC_ROUTE = Symbol('public route');
export const ROUTE_ROLES = Symbol('roles of a route');
export const UNLIMITED_ROUTE = Symbol('unlimited route');

/** No token needed. Routes without `@Public()`, `@Roles()` or `@AnyRole()` are refused by the guards. */
export const Public = (): MethodDecorator => SetMetadata(PUBLIC_ROUTE, true);

export const Roles = (...roles: readonly Role[]): MethodDecorator =>
  applyDecorators(SetMetadata(ROUTE_ROLES, roles), ApiBearerAuth(), ApiExtension('x-roles', roles));

export const AnyRole = (): MethodDecorator => Roles(...ROLES);

/** Exempt from the limits on requests: probes, and what ends a session. */
export const Unlimited = (): MethodDecorator => SetMetadata(UNLIMITED_ROUTE, true);
