// Arguments of a tool against the JSON schema it declared: what does not fit, by path, in words. Pure and
// bounded. It says only what it is sure of: keywords it does not know (and patterns, which a stranger wrote)
// are passed over.

import type { Json, JsonObject } from 'api/types';
import { isObject, toolName } from 'widgets/message/content';

export interface Violation {
  path: string; // "passengers[2].name"; '' is all of it.
  says: string;
}

const VIOLATIONS_MAX = 50;
const DEPTH_MAX = 32;
const VALUES_MAX = 10_000;

// The schema of the tool with this name among definitions of any provider.
export function schemaOf(definitions: readonly Json[], tool: string): JsonObject | null {
  for (const definition of definitions) {
    if (!isObject(definition) || toolName(definition) !== tool) continue;
    const inner = isObject(definition['function']) ? definition['function'] : definition;
    for (const name of ['parameters', 'input_schema', 'inputSchema', 'parametersJsonSchema']) {
      const schema = inner[name];
      if (isObject(schema)) return schema;
    }
  }
  return null;
}

export function violationsOf(schema: Json, value: Json): Violation[] {
  const check = new Check(schema);
  check.value(schema, value, '', 0);
  return check.found;
}

const wordOf = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

const TYPE_WORDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

function typesOf(value: Json): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number')
    return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return [typeof value];
}

class Check {
  found: Violation[] = [];
  private seen = 0;

  constructor(private readonly root: Json) {}

  value(schema: Json | undefined, value: Json, path: string, depth: number): void {
    if (depth > DEPTH_MAX || ++this.seen > VALUES_MAX) return;
    if (schema === false) return this.say(path, 'is not known to the tool');
    if (!isObject(schema)) return;
    const ref = schema['$ref'];
    if (typeof ref === 'string') return this.value(this.resolve(ref), value, path, depth + 1);
    if (!this.type(schema, value, path)) return;
    this.choice(schema, value, path);
    this.combined(schema, value, path, depth);
    if (typeof value === 'number') this.number(schema, value, path);
    if (typeof value === 'string') {
      this.size(schema, value.length, path, 'minLength', 'maxLength', 'characters');
    }
    if (Array.isArray(value)) {
      this.size(schema, value.length, path, 'minItems', 'maxItems', 'items');
      value.forEach((item, i) => this.value(schema['items'], item, `${path}[${i}]`, depth + 1));
    }
    if (isObject(value)) this.members(schema, value, path, depth);
  }

  private say(path: string, says: string): void {
    if (this.found.length < VIOLATIONS_MAX) this.found.push({ path, says });
  }

  private type(schema: JsonObject, value: Json, path: string): boolean {
    const wanted = [schema['type']].flat().filter((type) => typeof type === 'string');
    if (wanted.length === 0 || wanted.some((type) => typesOf(value).includes(type))) return true;
    if (value === null && schema['nullable'] === true) return true;
    // Unknown words of types say nothing.
    if (wanted.some((type) => !(type in TYPE_WORDS))) return true;
    const words = wanted.map((type) => TYPE_WORDS[type]).join(' or ');
    this.say(path, `must be ${words}, is ${TYPE_WORDS[typesOf(value)[0]!]}: ${wordOf(value)}`);
    return false;
  }

  private choice(schema: JsonObject, value: Json, path: string): void {
    const options = Array.isArray(schema['enum'])
      ? schema['enum']
      : 'const' in schema
        ? [schema['const']!]
        : null;
    const same = (option: Json) => JSON.stringify(option) === JSON.stringify(value);
    if (!options || options.some(same)) return;
    const list = options.slice(0, 8).map(wordOf).join(', ') + (options.length > 8 ? ', …' : '');
    this.say(path, `must be ${options.length > 1 ? 'one of ' : ''}${list}; is ${wordOf(value)}`);
  }

  private combined(schema: JsonObject, value: Json, path: string, depth: number): void {
    const all = schema['allOf'];
    if (Array.isArray(all)) for (const one of all) this.value(one, value, path, depth + 1);
    const any = schema['anyOf'] ?? schema['oneOf'];
    if (!Array.isArray(any) || any.length === 0) return;
    const before = this.found;
    const fits = any.some((one) => {
      this.found = [];
      this.value(one, value, path, depth + 1);
      return this.found.length === 0;
    });
    this.found = before;
    if (!fits) this.say(path, `fits none of the ${any.length} forms the tool takes`);
  }

  private number(schema: JsonObject, value: number, path: string): void {
    const limit = (name: string) => (typeof schema[name] === 'number' ? schema[name] : null);
    const low = limit('minimum');
    const above = limit('exclusiveMinimum');
    const high = limit('maximum');
    const below = limit('exclusiveMaximum');
    if (low !== null && value < low) this.say(path, `must be at least ${low}, is ${value}`);
    if (above !== null && value <= above) this.say(path, `must be above ${above}, is ${value}`);
    if (high !== null && value > high) this.say(path, `must be at most ${high}, is ${value}`);
    if (below !== null && value >= below) this.say(path, `must be below ${below}, is ${value}`);
  }

  private size(
    schema: JsonObject,
    size: number,
    path: string,
    min: string,
    max: string,
    of: string,
  ): void {
    const [least, most] = [schema[min], schema[max]];
    if (typeof least === 'number' && size < least) {
      this.say(path, `must have at least ${least} ${of}, has ${size}`);
    }
    if (typeof most === 'number' && size > most) {
      this.say(path, `must have at most ${most} ${of}, has ${size}`);
    }
  }

  private members(schema: JsonObject, value: JsonObject, path: string, depth: number): void {
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    const properties = isObject(schema['properties']) ? schema['properties'] : {};
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    for (const name of required) {
      if (typeof name === 'string' && !Object.hasOwn(value, name)) {
        this.say(at(name), 'is required and missing');
      }
    }
    const others = 'patternProperties' in schema ? true : schema['additionalProperties'];
    for (const [name, inner] of Object.entries(value)) {
      const own = Object.hasOwn(properties, name) ? properties[name] : others;
      this.value(own, inner, at(name), depth + 1);
    }
  }

  // "#/$defs/seat" within the schema itself.
  private resolve(ref: string): Json | undefined {
    if (!ref.startsWith('#')) return undefined;
    let at: Json | undefined = this.root;
    for (const step of ref.slice(1).split('/').filter(Boolean)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    }
    return at;
  }
}
