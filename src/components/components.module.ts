import { Global, Module } from '@nestjs/common';
import { Components } from './components.service';
import { Draining } from './draining';

@Global()
@Module({ providers: [Components, Draining], exports: [Components, Draining] })
export class ComponentsModule {}
