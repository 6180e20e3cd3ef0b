import type { ServerResponse } from 'node:http';
import { CanActivate, ExecutionContext, Injectable, ServiceUnavailableException } from '@nestjs/common';
import { FillService } from './fill.service.js';

/**
 * Refuses questions while the database is being filled, with 503, when to ask again, and the progress: an answer from
 * half the cities would be wrong, and would be cached.
 */
@Injectable()
export class DatabaseReadyGuard implements CanActivate {
  constructor(private readonly fill: FillService) {}

  canActivate(context: ExecutionContext): boolean {
    const { progress } = this.fill;
    if (progress.state === 'ready') return true;
    context.switchToHttp().getResponse<ServerResponse>().setHeader('Retry-After', '2');
    throw new ServiceUnavailableException({
      statusCode: 503,
      message: 'the database is not ready yet; ask again in 2 seconds, or watch /progress',
      progress,
    });
  }
}
