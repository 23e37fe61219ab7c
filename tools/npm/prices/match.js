// Match trees of the price package -> the forms of catalog/prices.json (src/price/match.h).
//
// A match is an object of lists: it holds when any word of any list fits (equals, starts_with,
// ends_with, contains, pattern: `#` a digit, a final `*` any rest), or when every member of `all`
// holds, or when its `not` does not. Words are lower case, as the text tried against them is. There
// are no regular expressions in it: the few in the data use a small part of the language, which
// expand() turns into plain words; one that uses more stops the conversion.
'use strict'

const LEAVES = ['equals', 'starts_with', 'ends_with', 'contains', 'pattern']
const END = '\0'  // Stands for `$` in an expanded word.

function cross(heads, tails) {
  const out = new Set()
  for (const head of heads) for (const tail of tails) out.add(head + tail)
  if (out.size > 100) throw new Error('a regular expression expands to over 100 words')
  return [...out]
}

// Every text a regular expression can begin with, digits as `#`.
function expand(regex) {
  let at = 0
  const fail = (why) => {
    throw new Error(`regular expression ${regex}: ${why} at ${at}`)
  }
  function alternatives() {
    let out = sequence()
    while (regex[at] === '|') {
      at++
      out = out.concat(sequence())
    }
    return out
  }
  function sequence() {
    let out = ['']
    while (at < regex.length && regex[at] !== '|' && regex[at] !== ')') out = cross(out, quantified())
    return out
  }
  function quantified() {
    const one = atom()
    if (regex[at] === '?') {
      at++
      return ['', ...one]
    }
    const count = /^\{(\d)\}/.exec(regex.slice(at))
    if (!count) return one
    at += count[0].length
    let out = ['']
    for (let i = 0; i < Number(count[1]); i++) out = cross(out, one)
    return out
  }
  function atom() {
    const c = regex[at++]
    if (c === '$') return [END]
    if (c === '\\') {
      const escaped = regex[at++]
      if (escaped === 'd') return ['#']
      if (/[a-z0-9]/i.test(escaped)) fail(`\\${escaped} is not supported`)
      return [escaped]
    }
    if (c === '[') {
      const close = regex.indexOf(']', at)
      const set = regex.slice(at, close)
      if (close < 0 || /[\\^-]/.test(set)) fail('only sets of plain characters are supported')
      at = close + 1
      return [...new Set(set.toLowerCase())]
    }
    if (c === '(') {
      if (regex.slice(at, at + 2) !== '?:') fail('only (?: groups are supported')
      at += 2
      const out = alternatives()
      if (regex[at++] !== ')') fail('unclosed group')
      return out
    }
    if (/[.*+{}^#]/.test(c)) fail(`${c} is not supported`)
    return [c]
  }
  const out = alternatives()
  if (at !== regex.length) fail('unexpected character')
  return out
}

function leaf(word) {
  const whole = word.endsWith(END)
  const text = whole ? word.slice(0, -1) : word
  if (text.includes(END)) throw new Error(`$ inside a regular expression: ${word}`)
  if (text.includes('#')) return { pattern: [whole ? text : `${text}*`] }
  return whole ? { equals: [text] } : { starts_with: [text] }
}

function convertRegex(regex) {
  if (!regex.startsWith('^')) throw new Error(`regular expression ${regex}: has no ^`)
  let rest = regex.slice(1)
  const all = []
  // "Not x, with anything before it" and "no slash after the first character": the words that
  // follow begin with no slash, so any slash will do.
  const nowhere = /^\(\?!\.\*((?:[^()]|\(\?:[^()]*\))*)\)/.exec(rest)
  const noSlash = '(?![^/]+/)'
  if (nowhere) {
    rest = rest.slice(nowhere[0].length)
    const forms = expand(nowhere[1]).map((word) =>
      word.endsWith(END) ? { ends_with: [word.slice(0, -1)] } : { contains: [word] })
    all.push({ not: merge(forms) })
  } else if (rest.startsWith(noSlash)) {
    rest = rest.slice(noSlash.length)
    all.push({ not: { contains: ['/'] } })
  }
  if (rest) all.push(merge(expand(rest).map(leaf)))
  return all.length === 1 ? all[0] : { all }
}

// Any of the forms, as one object where the lists can be joined.
function merge(forms) {
  const out = {}
  for (const form of forms) {
    for (const [key, value] of Object.entries(form)) {
      if (LEAVES.includes(key)) out[key] = [...new Set([...(out[key] || []), ...value])]
      else if (key in out) throw new Error(`two ${key} in one match`)
      else out[key] = value
    }
  }
  return out
}

function convertMatch(form) {
  const keys = Object.keys(form)
  if (keys.length !== 1) throw new Error(`match with ${keys.length} keys`)
  const [key] = keys
  if (key === 'or') return merge(form.or.map(convertMatch))
  if (key === 'and') {
    return { all: [].concat(...form.and.map(convertMatch).map((f) => (f.all ? f.all : [f]))) }
  }
  if (key === 'regex') return convertRegex(form.regex)
  if (!LEAVES.includes(key) || /[*#]/.test(form[key])) {
    throw new Error(`unknown match: ${JSON.stringify(form)}`)
  }
  return { [key]: [form[key].toLowerCase()] }
}

function patternMatches(pattern, text) {
  const open = pattern.endsWith('*')
  const head = open ? pattern.slice(0, -1) : pattern
  if (open ? text.length < head.length : text.length !== head.length) return false
  return [...head].every((c, i) => (c === '#' ? /[0-9]/.test(text[i]) : c === text[i]))
}

// Does a converted form hold for a lower-case text?
function matches(form, text) {
  const any = (key, test) => (form[key] || []).some(test)
  return any('equals', (w) => w === text) || any('starts_with', (w) => text.startsWith(w)) ||
    any('ends_with', (w) => text.endsWith(w)) || any('contains', (w) => text.includes(w)) ||
    any('pattern', (w) => patternMatches(w, text)) ||
    (form.all !== undefined && form.all.every((child) => matches(child, text))) ||
    (form.not !== undefined && !matches(form.not, text))
}

module.exports = { convertMatch, matches }
