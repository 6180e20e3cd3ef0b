import type { IncomingMessage } from 'node:http';
import { CanActivate, ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';

const OWN_ADDRESSES = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];
const OWN_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Lets in whoever sits at this machine. The name in the address counts too: a page of the web could have its own name lead
 * here. In an app of your own, ask for what its administrators have: see docs/dashboard.md.
 */
@Injectable()
export class LocalVisitorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { socket, headers } = context.switchToHttp().getRequest<IncomingMessage>();
    const isNear = OWN_ADDRESSES.includes(socket.remoteAddress ?? '');
    const isNamedSo = OWN_NAMES.includes(new URL(`http://${headers.host ?? 'nobody'}`).hostname);
    if (isNear && isNamedSo) return true;
    throw new ForbiddenException('the dashboard is for visitors at this machine, by the name localhost');
  }
}
