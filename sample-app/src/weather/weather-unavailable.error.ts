/** The weather service gave no weather; the message continues "there is no weather, because …". */
export class WeatherUnavailableError extends Error {
  override readonly name = 'WeatherUnavailableError';
}
