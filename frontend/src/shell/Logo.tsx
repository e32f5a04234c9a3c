/** A watchtower whose cabin is an eye. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <g fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">
        <path d="M7.5 5.2 12 2.2l4.5 3" />
        <path d="M3.5 10.2c3.2-3.9 13.8-3.9 17 0c-3.2 3.9-13.8 3.9-17 0Z" />
        <path d="M9.4 13.6 7.4 21.5M14.6 13.6l2 7.9M8.3 17.8h7.4" />
      </g>
      <circle class="lamp" cx="12" cy="10.2" r="2.2" />
    </svg>
  );
}
