import { createHash } from 'node:crypto';
import type { Argument, Command, CommandSender, Reply } from './redis-connection.js';

/** A Lua script, which the server runs in one step, by its text or by the SHA-1 of it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A call of a script. All its keys are in one slot. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/*
 * Values are read by MGET, to which a key of another type is a missing one: what somebody else left under a name of ours
 * is overwritten, and fails nothing.
 */

/** KEYS: entries, then generations. ARGV: how many are entries. */
export const READ = script(`
local values = redis.call('MGET', unpack(KEYS))
local left = {}
for i = 1, tonumber(ARGV[1]) do
  left[i] = values[i] and redis.call('PTTL', KEYS[i]) or 0
end
return {values, left}`);

/**
 * KEYS: fences, then generations; one may be there twice. ARGV: how many are fences, the beginning of the tokens that
 * missing ones get, the lifetime of fences, that of generations. Fences are lengthened to that, generations when less
 * than half of it is left.
 */
export const FENCE = script(`
local tokens, made = redis.call('MGET', unpack(KEYS)), {}
local fences, life, long = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
for i = 1, #KEYS do
  local least, most = life, life
  if i > fences then least, most = long / 2, long end
  if not tokens[i] then
    tokens[i] = made[KEYS[i]]
    if not tokens[i] then
      tokens[i] = ARGV[2] .. i
      made[KEYS[i]] = tokens[i]
      redis.call('SET', KEYS[i], tokens[i], 'PX', most)
    end
  else
    local left = redis.call('PTTL', KEYS[i])
    if left >= 0 and left < least then redis.call('PEXPIRE', KEYS[i], most) end
  end
end
return tokens`);

/**
 * KEYS: the entries of the writes, then their fences. ARGV: the lifetime of all, '' for none, or 'each'; '' when no write
 * needs a fence, else 'each'; the bytes of each write; with 'each' the lifetime of each; with 'each' the token that each
 * one's fence must have, '' for none. What is stored uses the fence up: fences go first, so that no failure half way
 * leaves one beside what was stored. Few calls and few arguments, since each costs more than what it does.
 */
export const WRITE = script(`
local call, count = redis.call, #KEYS / 2
local life, stored, present = ARGV[1], {}, {}
local lives = life == 'each' and 2 + count
if ARGV[2] == '' then
  for i = 1, count do stored[i] = 1 end
  call('DEL', unpack(KEYS, count + 1))
else
  local tokens, used, expected = call('MGET', unpack(KEYS, count + 1)), {}, #ARGV - count
  for i = 1, count do
    local fence, token = KEYS[count + i], ARGV[expected + i]
    if token == '' or (tokens[i] == token and not used[fence]) then
      stored[i] = 1
      if tokens[i] and not used[fence] then present[#present + 1] = fence end
      used[fence] = true
    else
      stored[i] = 0
    end
  end
  if #present > 0 then call('DEL', unpack(present)) end
end
for i = 1, count do
  if stored[i] == 1 then
    if lives then life = ARGV[lives + i] end
    if life == '' then call('SET', KEYS[i], ARGV[2 + i])
    else call('SET', KEYS[i], ARGV[2 + i], 'PX', life) end
  end
end
return stored`);

/** KEYS: a lease. ARGV: the holder, the lifetime. */
export const LEASE = script(`
local holder = redis.call('MGET', KEYS[1])[1]
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);

/** KEYS: a lease. ARGV: the holder. */
export const RELEASE = script(`
if redis.call('MGET', KEYS[1])[1] ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** Runs scripts by their SHA-1, in one pipeline; those that the server does not know, once more by their text. */
export async function runScripts(sender: CommandSender, calls: readonly ScriptCall[]): Promise<readonly Reply[]> {
  const replies = await sender.send(calls.map((call) => commandOf(call, 'EVALSHA', call.script.sha)));
  const unknown = calls.filter((_, at) => isNoScript(replies[at]));
  if (unknown.length === 0) return replies;
  const again = await sender.send(unknown.map((call) => commandOf(call, 'EVAL', call.script.text)));
  let next = 0;
  return replies.map((reply) => (isNoScript(reply) ? (again[next++] as Reply) : reply));
}

function commandOf({ keys, args }: ScriptCall, name: string, script: string): Command {
  return { key: keys[0] as string, name, args: [script, String(keys.length), ...keys, ...args] };
}

function isNoScript(reply: Reply | undefined): boolean {
  return reply instanceof Error && reply.message.startsWith('NOSCRIPT');
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
