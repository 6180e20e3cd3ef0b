import { Inject, Injectable, Module, Optional, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CacheRegistry } from '../../cache/index.js';
import { requireRegistry } from '../module/index.js';
import { publishDiagnostics } from './channels.js';

/** Publishes from the bootstrap until the app shuts down. */
@Injectable()
class DiagnosticsExport implements OnModuleInit, OnApplicationShutdown {
  private stop = (): void => {};

  constructor(@Optional() @Inject(CacheRegistry) private readonly caches?: CacheRegistry) {}

  onModuleInit(): void {
    this.stop = publishDiagnostics(requireRegistry('CacheDiagnosticsModule', this.caches));
  }

  onApplicationShutdown(): void {
    this.stop();
  }
}

/** Publishes what happens in every cache of the app on channels of `node:diagnostics_channel`. Needs `CacheModule.forRoot()`. */
@Module({ providers: [DiagnosticsExport] })
export class CacheDiagnosticsModule {}
