import { Inject } from '@nestjs/common';
import type { AnyDefinition } from '../../cache/index.js';
import { getCacheToken } from '../operations/tokens.js';

/**
 * Injects a cache into a property or a constructor parameter: `@InjectCache(Users) private readonly users: Cache<string,
 * User>`. Its definition stands in `CacheModule.forRoot({ caches })` or in a `forFeature()` that the module imports.
 */
export function InjectCache(cache: AnyDefinition | string): PropertyDecorator & ParameterDecorator {
  return Inject(getCacheToken(cache));
}
