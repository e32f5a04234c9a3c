import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useLocale } from "./locale";
import { prefs } from "./prefs";

/** What every key does, and the switch that turns the single ones off. The dialog closes on Esc by itself. */
export function Help({ close }: { close: () => void }) {
  const { words } = useLocale();
  const dialog = useRef<HTMLDialogElement>(null);
  const [singleKeys, setSingleKeys] = useState(prefs.singleKeys());
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const keys: [keys: string[], does: string][] = [
    [["/"], words.keySearch],
    [["j", "k"], words.keyMove],
    [["Enter"], words.keyOpen],
    [["t"], words.keyTheme],
    [["?"], words.keyHelp],
    [["Esc"], words.keyClose],
    [["←", "→"], words.keyChart],
  ];
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">{words.helpTitle}</h2>
      <dl>
        {keys.map(([names, does]) => (
          <div key={does}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={singleKeys}
          onChange={(event) => {
            prefs.setSingleKeys(event.currentTarget.checked);
            setSingleKeys(event.currentTarget.checked);
          }}
        />
        {words.singleKeys}
      </label>
      <button type="button" class="solid" onClick={() => dialog.current?.close()}>
        {words.close}
      </button>
    </dialog>
  );
}
