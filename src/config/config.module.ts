import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Configuration } from './configuration';

/** Offers each slice of the configuration by its class. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(configuration: Configuration): DynamicModule {
    const providers = Object.values(configuration).map((slice: object) => ({
      provide: slice.constructor,
      useValue: slice,
    }));
    return { module: ConfigModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
