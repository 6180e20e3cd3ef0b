export { observerModule, type ObserverModule } from './observer-module.js';
