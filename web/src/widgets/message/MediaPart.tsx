// An image, sound or file within a message: what it is, how large, where it lies or what its content's
// hash is. It is never fetched and never shown.

import { useEffect, useState } from 'react';
import { formatBytes } from 'base/format';
import { visibleText } from 'base/text';
import type { Part } from './content';

export function MediaPart({ part }: { part: Extract<Part, { type: 'media' }> }) {
  const hash = useHash(part.data);
  const words = [
    part.modality,
    part.mime,
    part.bytes === null ? '' : formatBytes(part.bytes),
    part.where,
    hash && `SHA-256 ${hash}`,
  ];
  return <p className="part part-media">{visibleText(words.filter(Boolean).join(' · '))}</p>;
}

const HASH_DIGITS = 16;

// Tells whether two of them are the same. Browsers hash on pages they deem safe only; elsewhere it is ''.
function useHash(data: string): string {
  const [hash, setHash] = useState('');
  useEffect(() => {
    let gone = false;
    setHash('');
    const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
    if (data === '' || !subtle) return undefined;
    void hashOf(subtle, data).then((digits) => !gone && setHash(digits));
    return () => {
      gone = true;
    };
  }, [data]);
  return hash;
}

async function hashOf(subtle: SubtleCrypto, data: string): Promise<string> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  } catch {
    return ''; // No base64.
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.slice(0, HASH_DIGITS);
}
