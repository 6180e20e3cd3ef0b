import type { AddressInfo } from 'node:net';
import { type INestApplication, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Settings } from '../settings/settings.js';
import { UpstreamModule } from './upstream.module.js';

/** Runs the weather service on a port of its own. Started before the guide listens, and closed after it is closed. */
@Injectable()
export class UpstreamServer {
  private app: INestApplication | undefined;
  private url: string | undefined;

  constructor(private readonly settings: Settings) {}

  /** Where the weather service listens. */
  get address(): string {
    if (this.url === undefined) throw new Error('the weather service is not listening yet; call start() first');
    return this.url;
  }

  async start(): Promise<void> {
    const app = await NestFactory.create<NestExpressApplication>(UpstreamModule, {
      logger: ['error', 'warn'],
      abortOnError: false,
      // Requests that hang would keep it open for ever.
      forceCloseConnections: true,
    });
    app.set('json spaces', 2);
    this.app = app;
    await app.listen(this.settings.weatherPort);
    const { port } = app.getHttpServer().address() as AddressInfo; // an app on a port has such an address
    this.url = `http://localhost:${port}`;
  }

  async close(): Promise<void> {
    await this.app?.close();
  }
}
