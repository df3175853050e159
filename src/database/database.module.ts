import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { DatabaseConfig } from '../config/database.config';
import { dataSourceOptions, type EntityClass } from './data-source-options';
import { DatabaseIndicator } from './database.indicator';
import { DatabaseStatus } from './database-status.service';
import { DatabaseUrls } from './database-urls';

/** A second data source, in the role that may add to the audit tables. */
export const SEQUENCER_DATA_SOURCE = Symbol('data source of the sequencer');

/** One transaction at a time, and now and then another. */
const SEQUENCER_POOL_SIZE = 2;

/** Offers the application's data source, the sequencer's, and the URLs to whoever holds a connection of its own. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(SEQUENCER_DATA_SOURCE) private readonly sequencer: DataSource) {}

  static forRoot(
    config: DatabaseConfig,
    urls: DatabaseUrls,
    entities: readonly EntityClass[],
  ): DynamicModule {
    const options = dataSourceOptions(config, urls.application, entities);
    const sequencer = {
      ...dataSourceOptions({ ...config, poolSize: 0 }, urls.sequencer, []),
      poolSize: SEQUENCER_POOL_SIZE,
    } as DataSourceOptions;
    return {
      module: DatabaseModule,
      imports: [TypeOrmModule.forRoot({ ...options, retryAttempts: 0, manualInitialization: false })],
      providers: [
        DatabaseIndicator,
        DatabaseStatus,
        { provide: DatabaseUrls, useValue: urls },
        { provide: SEQUENCER_DATA_SOURCE, useFactory: () => new DataSource(sequencer).initialize() },
      ],
      exports: [DatabaseStatus, DatabaseUrls, SEQUENCER_DATA_SOURCE],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sequencer.destroy();
  }
}
