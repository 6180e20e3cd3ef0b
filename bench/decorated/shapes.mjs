/* How the measured method is called: 1,000 users, all of them in the cache. */

export const USERS = 1_000;

export const SHAPES = {
  string: { title: 'one string', argumentsOf: (index) => [`user:${index}`] },
  number: { title: 'one number', argumentsOf: (index) => [index] },
  two: { title: 'a string and a number', argumentsOf: (index) => [`tenant:${index % 10}`, index] },
  // As `string`, after all methods of the app ran hot: the compiler knows more than one use of the shared code.
  busy: { title: 'one string, busy app', argumentsOf: (index) => [`user:${index}`] },
};
