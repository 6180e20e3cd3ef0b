import type { DynamicModule } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { CacheMisuseError } from '../../core/index.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
type NestProvider = NestModule['providers'] extends Map<unknown, infer P> ? P : never;

/** Everything that Nest builds or was given in an app: providers, controllers, guards, interceptors, pipes, filters. */
export function* providersOf(modules: ModulesContainer): Iterable<NestProvider> {
  for (const { providers, controllers, injectables } of modules.values()) {
    for (const provider of [...providers.values(), ...controllers.values(), ...injectables.values()]) {
      if (!provider.isAlias) yield provider;
    }
  }
}

/** The prototypes of all classes that the app has instances of, or will have. */
export function prototypesOf(modules: ModulesContainer): Set<object> {
  const prototypes = new Set<object>();
  for (const provider of providersOf(modules)) {
    const prototype = prototypeOf(provider);
    if (prototype !== undefined) prototypes.add(prototype);
  }
  return prototypes;
}

/** Whether Nest builds it by calling a function of the user, so that no property is injected into the result. */
export function isFactory({ inject, metatype }: NestProvider): boolean {
  return Array.isArray(inject) && typeof metatype === 'function';
}

/** The instance, where there is one for the whole app. */
export function singletonOf(provider: NestProvider): object | undefined {
  if (!provider.isDependencyTreeStatic() || provider.isTransient) return undefined;
  const instance: unknown = provider.instance;
  return typeof instance === 'object' && instance !== null ? instance : undefined;
}

/** Two registries would split the app's caches between them. */
export function requireOneRoot(modules: ModulesContainer, registryToken: NestProvider['token']): void {
  const roots = [...modules.values()].filter(({ providers }) => providers.has(registryToken));
  if (roots.length < 2) return;
  const importers = [...modules.values()].filter(({ metatype }) => importsAsGlobal(metatype, roots));
  const where =
    importers.length === 0 ? '' : `, in the imports of ${importers.map(({ name }) => name).join(' and of ')}`;
  throw new CacheMisuseError(
    `CacheModule.forRoot() is called ${roots.length} times${where}; ` +
      `call it once, in the root module, and use forFeature() elsewhere`,
  );
}

function prototypeOf(provider: NestProvider): object | undefined {
  const { metatype } = provider;
  if (typeof metatype === 'function' && !isFactory(provider)) return (metatype.prototype as object | null) ?? undefined;
  const instance = singletonOf(provider);
  return instance === undefined ? undefined : ((Object.getPrototypeOf(instance) as object | null) ?? undefined);
}

/**
 * Whether a module's decorator lists one of these as a global dynamic module. Nest adds global modules to the imports of
 * all others, so what was written is found in the metadata only.
 */
function importsAsGlobal(metatype: object, roots: readonly NestModule[]): boolean {
  const listed = (Reflect.getMetadata('imports', metatype) ?? []) as readonly Partial<DynamicModule>[];
  return listed.some(({ global, module }) => global === true && roots.some((root) => root.metatype === module));
}
