import { afterEach, describe, expect, it } from '@jest/globals';
import { UseGuards, type CanActivate } from '@nestjs/common';
import {
  AbstractGraphQLDriver,
  Args,
  Field,
  GraphQLModule,
  GraphQLSchemaHost,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { Test, type TestingModule } from '@nestjs/testing';
import { graphql } from 'graphql';
import { Cacheable, CacheEvict, CacheModule, CachePut, CacheRegistry, defineCache } from '../../lib/index.js';

@ObjectType()
class City {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;
}

const Cities = defineCache<string, City>('cities');
const Mottos = defineCache<string, string>('mottos');

let calls = 0;

class Refusing implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Resolver(() => City)
class CitiesResolver {
  @Query(() => City)
  @Cacheable(Cities, { key: (id: string) => id })
  async city(@Args('id', { type: () => ID }) id: string): Promise<City> {
    calls++;
    return { id, name: `City ${id}` };
  }

  @Cacheable()
  @UseGuards(Refusing)
  @Query(() => String)
  async secret(): Promise<string> {
    return 'secret';
  }

  @ResolveField(() => String)
  @Cacheable(Mottos, { key: (city: City) => city.id })
  async motto(@Parent() city: City): Promise<string> {
    calls++;
    return `Motto of ${city.name}`;
  }

  @CachePut(Cities, { key: (id: string) => id })
  @CacheEvict(Mottos, { key: (id: string) => id })
  @Mutation(() => City)
  async rename(
    @Args('id', { type: () => ID }) id: string,
    @Args('name', { type: () => String }) name: string,
  ): Promise<City> {
    return { id, name };
  }
}

/** Queries are executed against the schema itself, so no server has to start. */
class NoServer extends AbstractGraphQLDriver {
  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

let app: TestingModule | undefined;

afterEach(async () => {
  await app?.close();
});

describe('GraphQL resolvers', () => {
  it('are cached as queries and fields, put and evict as mutations, and keep their guards', async () => {
    app = await Test.createTestingModule({
      imports: [
        CacheModule.forRoot({ caches: [Cities, Mottos] }),
        GraphQLModule.forRoot({ driver: NoServer, autoSchemaFile: true }),
      ],
      providers: [CitiesResolver],
    }).compile();
    await app.init();
    const { schema } = app.get(GraphQLSchemaHost);
    const ask = (source: string) => graphql({ schema, source, contextValue: {} });
    const city = '{ city(id: "1") { name motto } }';

    const first = await ask(city);
    expect(first.data).toEqual({ city: { name: 'City 1', motto: 'Motto of City 1' } });
    expect(await ask(city)).toEqual(first);
    expect(calls).toBe(2);
    await ask('mutation { rename(id: "1", name: "Rome") { name } }');
    expect((await ask(city)).data).toEqual({ city: { name: 'Rome', motto: 'Motto of Rome' } });
    expect(calls).toBe(3);
    expect((await ask('{ secret }')).errors).toHaveLength(1);
    expect(app.get(CacheRegistry).get(Cities).stats()).toMatchObject({ hits: 2, misses: 1, puts: 1 });
  });
});
