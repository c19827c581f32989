/** Whether this browser shows the person's phone beside their thread; it stays so from thread to thread. */
const storageKey = 'signalbox.phone-beside';

export function isPhoneBeside(): boolean {
  return localStorage.getItem(storageKey) === 'true';
}

export function keepPhoneBeside(beside: boolean): void {
  localStorage.setItem(storageKey, String(beside));
}
