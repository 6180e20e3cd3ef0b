import { afterEach } from '@jest/globals';
import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheModule, type CacheModuleOptions } from '../../../lib/index.js';

/** Apps that the test at hand has started. */
const started: TestingModule[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.close()));
});

/** An initialised app of these providers with caching; closed when the test ends. */
export async function appOf(
  { imports = [], ...metadata }: ModuleMetadata,
  options: CacheModuleOptions = {},
): Promise<TestingModule> {
  const app = await Test.createTestingModule({
    imports: [CacheModule.forRoot(options), ...imports],
    ...metadata,
  }).compile();
  await app.init();
  started.push(app);
  return app;
}
