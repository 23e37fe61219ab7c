// Prices random calls of every model with our price book (price_calc) and with the npm package that
// the catalogue was made from. They agree within 1 nano-USD, but for what is listed below.
//
//   npm ci --prefix tools/npm/prices && ninja -C build price_calc
//   node tests/golden/price/compare.mjs build/tests/price_calc [seed]
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const SKIPPED = 77
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
const library = path.join(root, 'tools/npm/prices/node_modules/@pydantic/genai-prices/dist/index.js')
if (!existsSync(library)) {
  console.log('skipped: the price package is not installed; run: npm ci --prefix tools/npm/prices')
  process.exit(SKIPPED)
}
const { calcPrice, waitForUpdate } = await import(pathToFileURL(library).href)
const providers = await waitForUpdate()

// Where we differ on purpose. Each must be met, so that the list does not outlive its reasons.
const DEVIATIONS = [
  {
    name: 'price finer than a pico-dollar',
    why: 'a twelfth of a cent is rounded to 1e-12 USD a token: at most 0.5e-12 USD a token off',
    holds: (call, ours, result) => call.tokens > 0 && ours.cost !== null &&
      /^openrouter\/.*gemini/.test(ours.rule) &&
      Math.abs(ours.cost - result.total_price * 1e9) <= 1 + call.tokens * 0.0005,
  },
  {
    name: 'daily window before its start date',
    why: 'deepseek-v4-*: peak hours began with the prices of 2026-08-17; the package, with one ' +
      'condition an entry, charges them on every earlier day too',
    holds: (call, ours) => /^deepseek\/deepseek-v4/.test(ours.rule) &&
      call.at < Date.UTC(2026, 7, 17) && !/from/.test(ours.rule),
  },
  {
    name: 'no price is not free',
    why: 'entries without any price, or with prices of hours, pages or messages only: the package ' +
      'gives 0, we say unknown unless the entry says that it is free',
    holds: (call, ours, result) => ours.cost === null && !('input_mtok' in result.model_price),
  },
]

// mulberry32: small, seeded, the same everywhere.
let state = Number(process.argv[3] || 20260923) >>> 0
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let t = state
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const below = (n) => Math.floor(random() * n)
const pick = (list) => list[below(list.length)]
const count = () => (random() < 0.4 ? 0 : below(pick([10, 1000, 60_000, 150_000, 400_000])))

function words(form, out = []) {
  for (const [key, value] of Object.entries(form)) {
    if (key === 'or' || key === 'and') value.forEach((child) => words(child, out))
    else if (key !== 'regex') out.push(value)
  }
  return out
}

// The instants around which prices change.
const instants = []
for (const { prices } of providers.flatMap((provider) => provider.models)) {
  for (const { constraint } of Array.isArray(prices) ? prices : []) {
    if (constraint?.type === 'start_date') {
      const day = Date.parse(constraint.start_date)
      instants.push(day - 1, day, day + 3 * 3600_000)
    }
  }
}

function randomCall(provider, model) {
  const name = pick([model.id, ...words(model.match)]) +
    (random() < 0.8 ? '' : pick(['-20260115', '-2026-01-15', '-latest', '-x']))
  const at = random() < 0.5 ? pick(instants) : Date.UTC(2025, 0, 1) + below(900 * 86400) * 1000
  const usage = {
    input_tokens: count(), cache_read_tokens: count(), cache_write_5m_tokens: count(),
    cache_write_1h_tokens: count(), input_audio_tokens: count(), input_image_tokens: count(),
    output_tokens: count(), reasoning_tokens: count(), output_audio_tokens: count(),
    output_image_tokens: count(), web_searches: below(3), file_searches: below(3),
  }
  const tokens = Object.entries(usage).reduce((n, [k, v]) => n + (k.endsWith('_tokens') ? v : 0), 0)
  const named = random() < 0.9 ? provider.id : ''
  return { provider: named, model: name, at_ms: at, at, usage, tokens }
}

// Our disjoint buckets as the package's inclusive counts. It wants a figure for each overlap too.
function theirUsage(u) {
  const input = u.input_tokens + u.cache_read_tokens + u.cache_write_5m_tokens +
    u.cache_write_1h_tokens + u.input_audio_tokens + u.input_image_tokens
  return {
    input_tokens: input,
    cache_read_tokens: u.cache_read_tokens,
    cache_write_tokens: u.cache_write_5m_tokens + u.cache_write_1h_tokens,
    cache_write_1h_tokens: u.cache_write_1h_tokens,
    input_audio_tokens: u.input_audio_tokens,
    input_image_tokens: u.input_image_tokens,
    output_tokens: u.output_tokens + u.reasoning_tokens + u.output_audio_tokens +
      u.output_image_tokens,
    output_reasoning_tokens: u.reasoning_tokens,
    output_audio_tokens: u.output_audio_tokens,
    output_image_tokens: u.output_image_tokens,
    cache_audio_read_tokens: 0, cache_image_read_tokens: 0,
    cache_audio_write_tokens: 0, cache_image_write_tokens: 0,
    cache_audio_write_1h_tokens: 0, cache_image_write_1h_tokens: 0,
    output_audio_reasoning_tokens: 0, output_image_reasoning_tokens: 0,
    web_searches: u.web_searches,
    storage_searches: u.file_searches,
  }
}

const calls = []
for (const provider of providers) {
  for (const model of provider.models) {
    for (let i = 0; i < (Array.isArray(model.prices) ? 40 : 4); i++) {
      calls.push(randomCall(provider, model))
    }
  }
}
const run = spawnSync(process.argv[2], {
  input: calls.map((call) => JSON.stringify(call)).join('\n') + '\n',
  encoding: 'utf8', maxBuffer: 1 << 28,
})
if (run.status !== 0) {
  console.log(`price_calc failed: ${run.error || run.stderr}`)
  process.exit(1)
}
const answers = run.stdout.trim().split('\n').map((line) => JSON.parse(line))

const met = new Map(DEVIATIONS.map(({ name }) => [name, 0]))
let equal = 0
let unknown = 0
let failed = 0
calls.forEach((call, i) => {
  const ours = answers[i]
  const options = { providerId: call.provider || undefined, timestamp: new Date(call.at) }
  const result = calcPrice(theirUsage(call.usage), call.model, options)
  if (result === null) {
    // We look on where the package gives up: at the vendor in the model's name. What the provider
    // does not sell under that name is then never exact.
    const vendor = call.model.includes('/') && (!call.provider || ours.confidence === 'prefix')
    if (ours.cost === null || vendor) unknown++
    else fail('is unknown to the package', call, ours, result)
    return
  }
  const theirs = result.total_price
  if (ours.cost !== null && Math.abs(ours.cost - theirs * 1e9) <= 1) {
    equal++
    return
  }
  const deviation = DEVIATIONS.find(({ holds }) => holds(call, ours, result))
  if (deviation) met.set(deviation.name, met.get(deviation.name) + 1)
  else fail(`costs ${theirs * 1e9} there`, call, ours, result)
})

function fail(what, call, ours, result) {
  if (++failed > 20) return
  const entry = result && `${result.provider.id}/${result.model.id}`
  console.log(`${call.provider} "${call.model}" at ${new Date(call.at).toISOString()} ${what}` +
    ` (${entry}), ours ${ours.cost} (${ours.rule}, ${ours.confidence}): ${JSON.stringify(call.usage)}`)
}

console.log(`${calls.length} calls: ${equal} equal, ${unknown} unknown to the package, ${failed} wrong`)
for (const { name, why } of DEVIATIONS) {
  console.log(`differ on purpose: ${met.get(name)} times "${name}": ${why}`)
  if (met.get(name) === 0) {
    console.log(`"${name}" was never met: take it off the list in compare.mjs`)
    failed++
  }
}
if (failed || equal < 300) process.exitCode = 1
