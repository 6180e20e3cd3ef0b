import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defineCache } from '../../lib/cache/index.js';
import { Cacheable, CacheEvict, CacheModule } from '../../lib/nest/index.js';

interface User {
  readonly id: string;
}
const Users = defineCache<string, User>('users', { ttl: '5m' });

@Injectable()
class UsersService {
  calls = 0;

  @Cacheable(Users, { key: (id: string) => id })
  async find(id: string): Promise<User> {
    this.calls++;
    return { id };
  }

  @CacheEvict(Users, { key: (id: string) => id })
  async rename(_id: string, _name: string): Promise<void> {}
}

describe('an app with a decorated service', () => {
  it('runs the method once for equal arguments, and again after an eviction', async () => {
    @Module({ imports: [CacheModule.forRoot({ caches: [Users] })], providers: [UsersService] })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    const users = app.get(UsersService);

    expect(await users.find('1')).toEqual({ id: '1' });
    await users.find('1');
    expect(users.calls).toBe(1);
    await users.rename('1', 'Ada');
    await users.find('1');
    expect(users.calls).toBe(2);
    await app.close();
  });
});
