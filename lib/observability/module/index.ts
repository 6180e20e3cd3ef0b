export { observerModule, type ObserverModule } from './observer-module.js';
export { requireRegistry } from './required-registry.js';
