import type { IncomingHttpHeaders } from 'node:http';
import { ForbiddenException } from '@nestjs/common';

/** What the page sends with each action. Another site's form cannot, and its script only after the server allowed it. */
export const ACTION_HEADER = 'x-strata-action';

/**
 * Refuses what another site's page asks for in the name of its visitor, also where the app answers such pages because it
 * has CORS enabled for all of its routes.
 */
export function requireOwnPage(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new ForbiddenException('only the dashboard itself may ask for this');
}

/** The same for what changes something, in browsers that do not say where a request is from too. */
export function requireOwnAction(headers: IncomingHttpHeaders): void {
  const { origin, host, 'sec-fetch-site': site, [ACTION_HEADER]: mark } = headers;
  if (mark === undefined) throw new ForbiddenException(`an action needs the header ${ACTION_HEADER}: 1`);
  if (site === 'same-origin') return;
  // Every browser tells the origin of a POST; what tells none is no browser, and carries nobody's cookies.
  if (site === undefined && (origin === undefined || hostOf(origin) === host)) return;
  throw new ForbiddenException(
    `an action must come from the dashboard itself; behind a proxy that changes the Host header, serve it over https`,
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
