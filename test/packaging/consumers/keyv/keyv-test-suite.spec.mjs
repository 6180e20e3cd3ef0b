/* Keyv's own suite, over a Keyv whose store is a cache. */
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv } from 'keyv';
import { createCache, defineCache } from 'nestjs-strata';
import { keyvStore } from 'nestjs-strata/keyv';
import * as vitest from 'vitest';

const cache = createCache(defineCache('keyv', { maxSize: 1_000, ttl: Infinity }));
vitest.afterAll(() => cache.close());

keyvTestSuite(vitest, Keyv, () => keyvStore(cache));
keyvIteratorTests(vitest, Keyv, () => keyvStore(cache));
