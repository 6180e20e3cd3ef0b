/* What the examples of README.md and docs/ speak of and do not show: an app as readers imagine it. Nothing here runs. */
import type { CanActivate, Type } from '@nestjs/common';
import type { HealthCheckService } from '@nestjs/terminus';
import { defineCache, type Cache as CacheOf, type CacheRegistry, type Loader } from 'nestjs-strata';
import type { CacheHealthIndicator } from 'nestjs-strata/terminus';
import type { ThreadsMemory } from 'nestjs-strata/threads';

export { default as KeyvRedis } from '@keyv/redis';

export interface User {
  readonly id: string;
  readonly team: string;
}
export interface City {
  readonly id: number;
  readonly version: string;
  readonly busy: boolean;
}
export interface ReportTask {
  readonly month: string;
}
export interface Session {
  readonly user: User;
}

// oxlint-disable-next-line typescript/no-explicit-any -- of some pages the keys are numbers, of others texts
export const Cities = defineCache<any, City>('cities');
export const Users = defineCache<string, User>('users');
export declare const users: CacheOf<string, User>;
export declare const cache: CacheOf<string, User>;
export declare const registry: CacheRegistry;
export declare const loader: Loader<string, User>;

export declare class CitiesService {
  largest(): readonly City[];
}
export declare class UsersService {}
export declare class ReportsService {
  make(task: ReportTask): Promise<string>;
}
export declare class Database {
  readonly users: {
    findById(id: string): Promise<User>;
    save(user: User): Promise<User>;
    delete(id: string): Promise<void>;
  };
}
export declare class AdminGuard implements CanActivate {
  canActivate(): boolean;
}
export declare const AppModule: Type;
export declare function isAdmin(credentials: string): boolean;
export declare function vipIds(): readonly string[];
export declare function render(): Buffer;
export declare function format(events: readonly unknown[], missed: number): string;

export declare const id: string;
export declare const ids: readonly string[];
export declare const user: User;
export declare const url: string;
export declare const bytes: Buffer;
export declare const target: Uint8Array;
export declare const memory: ThreadsMemory;
export declare const host: string;
export declare const tls: object;

/** What a part of a class finds in it. */
export declare abstract class SnippetHost extends CitiesService {
  readonly cities: { find(id: unknown, fields?: string): Promise<City> };
  readonly db: {
    find(id: unknown, options?: { signal: AbortSignal }): Promise<never>;
    findMany(ids: readonly unknown[]): Promise<never>;
  };
  readonly cache: CacheOf<string, User> & { wrap<T>(key: string, load: () => Promise<T>, ttl: number): Promise<T> };
  readonly registry: CacheRegistry;
  readonly health: HealthCheckService;
  readonly caches: CacheHealthIndicator;
}
