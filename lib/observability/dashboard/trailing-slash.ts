import { SetMetadata } from '@nestjs/common';

/** What Fastify knows a route by: Nest hands it on from this metadata, as its decorator `RouteConfig` sets it. */
const ROUTE_CONFIG = '__fastify_route_config__';
const PAGE = 'nestjs-strata:page';

interface FastifyRoute {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

interface FastifyInstance {
  readonly initialConfig: {
    readonly ignoreTrailingSlash?: boolean;
    readonly routerOptions?: { readonly ignoreTrailingSlash?: boolean };
  };
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
  route(route: FastifyRoute): unknown;
}

interface Adapter {
  getType?(): string;
  getInstance(): unknown;
}

/** Marks the handler of an address that people type. An app may have several dashboards: `owner` tells whose it is. */
export function TypedAddress(owner: object): MethodDecorator {
  return SetMetadata(ROUTE_CONFIG, { [PAGE]: owner });
}

/**
 * Lets Fastify answer `/strata/` as it does `/strata`, where Express does so by itself. To be called before there are
 * routes; then their prefixes and guards are those that Nest gave them.
 */
export function allowTrailingSlash(adapter: Adapter | null | undefined, owner: object): void {
  if (adapter?.getType?.() !== 'fastify') return;
  const instance = adapter.getInstance() as FastifyInstance; // what getType says
  const { ignoreTrailingSlash, routerOptions } = instance.initialConfig;
  if (ignoreTrailingSlash === true || routerOptions?.ignoreTrailingSlash === true) return;
  instance.addHook('onRoute', (route) => {
    const { [PAGE]: marked, ...config } = route.config ?? {};
    // Of the same path Fastify makes HEAD itself.
    if (marked === owner && route.method === 'GET') instance.route({ ...route, url: `${route.url}/`, config });
  });
}
