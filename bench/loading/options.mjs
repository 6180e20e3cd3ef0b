/* The options whose cost on a hit is measured; each cache differs from the one with none of them in that one only. */

export const OPTIONS = {
  none: {},
  'none-again': {},
  tti: { options: { tti: '5m' } },
  ttlJitter: { options: { ttlJitter: 0.1 } },
  groups: { options: { groups: ['users', 'people'] } },
  negativeTtl: { options: { negativeTtl: '1m' } },
  errorTtl: { options: { errorTtl: '1m' } },
  staleWhileRevalidate: { options: { staleWhileRevalidate: '1h' } },
  staleIfError: { options: { staleIfError: '1h' } },
  refreshAhead: { options: { refreshAhead: 0.8 } },
  'refreshAhead-beta': { options: { refreshAhead: { beta: 1 } } },
  loadTimeout: { options: { loadTimeout: { soft: '50ms', hard: '1s' } } },
  abortWhenAbandoned: { options: { abortWhenAbandoned: true } },
  batch: { options: { batch: true, bulkLoader: async (keys) => new Map(keys.map((key) => [key, { id: key }])) } },
  clone: { options: { clone: 'structured' } },
  events: { subscribed: true },
};

export const OPTION_TITLES = {
  none: 'none of them',
  'none-again': 'none of them, measured again',
  tti: "tti: '5m'",
  ttlJitter: 'ttlJitter: 0.1',
  groups: 'groups: two names',
  negativeTtl: "negativeTtl: '1m'",
  errorTtl: "errorTtl: '1m'",
  staleWhileRevalidate: "staleWhileRevalidate: '1h'",
  staleIfError: "staleIfError: '1h'",
  refreshAhead: 'refreshAhead: 0.8',
  'refreshAhead-beta': 'refreshAhead: { beta: 1 }',
  loadTimeout: 'loadTimeout: { soft, hard }',
  abortWhenAbandoned: 'abortWhenAbandoned',
  batch: 'batch',
  clone: "clone: 'structured'",
  events: 'a subscriber to events$',
};
