import type { CacheRegistry, IndexedCache } from '../../cache/index.js';
import type { BoundMethod } from '../methods/bound-method.js';
import { MethodBinder } from '../methods/method-binder.js';
import { recordsOf, type MethodRecord } from '../operations/metadata.js';
import { ObservableMethod } from '../methods/observable-method.js';
import { Reporter } from '../steps/reporter.js';

/** A method of one class, on its way to being bound. */
interface Binding {
  readonly binder: MethodBinder;
  readonly ownPlace: ReturnType<MethodBinder['declareOwnCache']>;
  bound: BoundMethod | undefined;
  handler: ObservableMethod | undefined;
}

/** Who remembers what serves its calls. */
interface Site {
  forget(): void;
}

/** The decorated methods of one app: each is bound once for each concrete class. */
export class CacheRuntime {
  closed = false;
  private readonly reporter = new Reporter();
  private readonly bindings = new WeakMap<object, Map<MethodRecord, Binding>>();
  private readonly sites = new Set<Site>();

  constructor(
    private readonly registry: CacheRegistry,
    /** The prototypes of all classes that the app knows at the moment. */
    private readonly prototypes: () => Iterable<object>,
  ) {}

  /** What a call of this method on an instance of this prototype does. */
  bind(prototype: object, record: MethodRecord, site: Site): BoundMethod {
    this.sites.add(site);
    return this.bindingOf(prototype, record);
  }

  /** The chain of a route, message or event handler that no wrapper serves, for an interceptor to run. */
  handlerOf(prototype: object, record: MethodRecord): ObservableMethod {
    const binding = this.declared(prototype, record);
    const { label } = binding.binder;
    binding.binder.requireNoList();
    return (binding.handler ??= new ObservableMethod({
      label,
      original: record.original,
      chain: binding.binder.chain(binding.ownPlace),
    }));
  }

  /** Declares and binds every decorated method of the app, so that misuse fails the bootstrap. */
  bindAll(): void {
    this.declareAll();
    for (const prototype of this.prototypes()) {
      for (const record of recordsOf(prototype)) this.bindingOf(prototype, record);
    }
  }

  /** Forgets everything; decorated methods that are still called run uncached. */
  close(): void {
    this.closed = true;
    for (const site of this.sites) site.forget();
    this.sites.clear();
  }

  /** Where the results of a method go; `undefined` when they are not stored. */
  cacheOf(prototype: object, name: string | symbol): IndexedCache<unknown, unknown> | undefined {
    const record = recordsOf(prototype).find((each) => each.name === name);
    if (record === undefined) return undefined;
    const { binder, ownPlace } = this.declared(prototype, record);
    return binder.cacheOfResults(ownPlace);
  }

  private bindingOf(prototype: object, record: MethodRecord): BoundMethod {
    const binding = this.declared(prototype, record);
    return (binding.bound ??= binding.binder.bind(binding.ownPlace));
  }

  /** Makes the methods' own caches: any method may name any of them. */
  private declareAll(): void {
    for (const prototype of this.prototypes()) {
      for (const record of recordsOf(prototype)) this.declared(prototype, record);
    }
  }

  private declared(prototype: object, record: MethodRecord): Binding {
    let ofClass = this.bindings.get(prototype);
    if (ofClass === undefined) this.bindings.set(prototype, (ofClass = new Map<MethodRecord, Binding>()));
    let binding = ofClass.get(record);
    if (binding === undefined) {
      const binder = new MethodBinder(prototype, record, this.registry, this.reporter, (cache) => {
        // An app that was never initialised, or a module that was loaded since.
        if (!this.registry.has(cache)) this.declareAll();
      });
      binding = { binder, ownPlace: binder.declareOwnCache(), bound: undefined, handler: undefined };
      ofClass.set(record, binding);
    }
    return binding;
  }
}
