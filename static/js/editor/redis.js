// redis-cli lines: a command, its arguments, strings in quotes, # and // comments.

import { LanguageSupport, StreamLanguage } from "@codemirror/language";

import { wordCompletion } from "./words.js";

const COMMANDS =
  `APPEND BITCOUNT BITFIELD BITOP BITPOS BLMOVE BLPOP BRPOP BZPOPMAX BZPOPMIN COPY DBSIZE DECR DECRBY DEL DISCARD DUMP ECHO EVAL
   EVALSHA EXEC EXISTS EXPIRE EXPIREAT EXPIRETIME FCALL FLUSHALL FLUSHDB FUNCTION GEOADD GEODIST GEOPOS GEOSEARCH GET GETDEL GETEX
   GETRANGE GETSET HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS INCR
   INCRBY INCRBYFLOAT INFO KEYS LINDEX LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MEMORY MGET MONITOR MSET
   MSETNX MULTI OBJECT PERSIST PEXPIRE PFADD PFCOUNT PFMERGE PING PSUBSCRIBE PTTL PUBLISH RANDOMKEY RENAME RPOP RPUSH RPUSHX SADD
   SCAN SCARD SCRIPT SDIFF SDIFFSTORE SELECT SET SETEX SETNX SETRANGE SINTER SINTERCARD SINTERSTORE SISMEMBER SLOWLOG SMEMBERS
   SMISMEMBER SMOVE SORT SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSCRIBE SUNION SUNIONSTORE TIME TOUCH TTL TYPE UNLINK UNSUBSCRIBE
   UNWATCH VADD VSIM WATCH XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XINFO XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XTRIM ZADD
   ZCARD ZCOUNT ZDIFF ZINCRBY ZINTER ZINTERSTORE ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYSCORE ZRANGESTORE
   ZRANK ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANK ZSCAN ZSCORE ZUNION ZUNIONSTORE`.split(/\s+/);

const OPTION =
  /^(?:EX|PX|EXAT|PXAT|NX|XX|GT|LT|CH|KEEPTTL|GET|WITHSCORES|WITHSCORE|WITHVALUES|LIMIT|BYSCORE|BYLEX|REV|COUNT|MATCH|TYPE|BLOCK|STREAMS|GROUP|MAXLEN|MINID|MKSTREAM|BEFORE|AFTER|LEFT|RIGHT|ASC|DESC|ALPHA|STORE|WEIGHTS|AGGREGATE|FROMMEMBER|FROMLONLAT|BYRADIUS|BYBOX)$/i;

const parser = {
  name: "redis",
  startState: () => ({ words: 0, quote: "" }),
  token(stream, state) {
    if (stream.sol() && !state.quote) state.words = 0;
    if (state.quote) return quoted(stream, state);
    if (stream.eatSpace()) return null;
    if (state.words === 0 && stream.match(/^(?:#|\/\/)/)) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match(/^["']/)) {
      state.quote = stream.current();
      state.words++;
      return quoted(stream, state);
    }
    stream.eatWhile(/[^\s"']/);
    const word = stream.current();
    if (state.words === 0 && /^\d+$/.test(word)) return "number";
    state.words++;
    if (state.words === 1) return "keyword";
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(word)) return "number";
    return OPTION.test(word) ? "modifier" : null;
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ['"', "'"] } },
};

function quoted(stream, state) {
  for (let character; (character = stream.next()); ) {
    if (character === "\\" && state.quote === '"') stream.next();
    else if (character === state.quote) {
      state.quote = "";
      break;
    }
  }
  return "string";
}

const redis = StreamLanguage.define(parser);

export const language = new LanguageSupport(redis, redis.data.of({ autocomplete: wordCompletion(COMMANDS, /^[ \t]*\w*/) }));
