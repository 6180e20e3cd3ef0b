/** The platforms, and what stands on the route. Apart from the servers, which only a measurement loads. */
export const PLATFORMS = ['express', 'fastify'];
export const HTTP_LIBRARIES = ['none', 'map', 'cache-interceptor', 'strata-http', 'strata-public', 'hook'];

/** The most that ours may cost of a request without a cache, by platform. */
export const HTTP_BARS = {
  'strata-http': { express: 0.95, fastify: 0.95 },
  'strata-public': { express: 0.65, fastify: 0.6 },
};
