extension WaterfallPage {
    static let style = """
        :root {
            color-scheme: light dark;
            --text: light-dark(#1d2733, #dfe6ee);
            --soft: light-dark(#66768a, #8e9cad);
            --line: light-dark(#e3e8ee, #2b343f);
            --page: light-dark(#ffffff, #151a20);
            --over: light-dark(#f2f6fa, #1e252d);
        }
        * { box-sizing: border-box; }
        body { margin: 0; font: 14px/1.4 system-ui, sans-serif; color: var(--text); background: var(--page); }
        header { padding: 20px 24px 8px; }
        h1 { margin: 0; font-size: 19px; font-weight: 400; overflow-wrap: anywhere; }
        p { margin: 4px 0 8px; color: var(--soft); }
        ol { list-style: none; margin: 0; padding: 0; }
        .row { display: grid; grid-template-columns: minmax(220px, 36%) 1fr; align-items: center; height: 30px;
            padding-right: 40px; border-top: 1px solid var(--line); }
        .scale { height: 26px; color: var(--soft); font-size: 12px; }
        .name { display: flex; padding: 0 8px 0 calc(24px + var(--depth, 0) * 20px); min-width: 0; white-space: pre;
            overflow: hidden; }
        .name b { flex: none; font-weight: 400; }
        .name i { flex: 0 1 auto; min-width: 1.5em; overflow: hidden; text-overflow: ellipsis; font-style: normal;
            color: var(--soft); }
        .track { position: relative; height: 100%; border-left: 1px solid var(--line);
            background: repeating-linear-gradient(90deg, transparent 0 calc(25% - 1px), var(--line) calc(25% - 1px) 25%); }
        .scale .track { background: none; border-color: transparent; }
        .scale i { position: absolute; top: 5px; font-style: normal; transform: translateX(-50%); white-space: nowrap; }
        .scale i:first-child { transform: none; }
        summary { cursor: pointer; }
        summary::-webkit-details-marker { display: none; }
        summary:hover, details[open] summary { background: var(--over); }
        .bar { position: absolute; top: 8px; height: 14px; min-width: 2px; border-radius: 3px; }
        .d0 { background: #2f6fde; } .d1 { background: #16a08c; } .d2 { background: #d98a1b; } .d3 { background: #9b59c8; }
        .error { background: #d6403a; }
        em { position: absolute; top: 6px; padding: 0 6px; font-style: normal; font-size: 12px; color: var(--soft);
            white-space: nowrap; }
        em.inside { color: #ffffff; }
        table { margin: 4px 24px 12px; border-collapse: collapse; font-size: 13px; }
        th { padding: 2px 16px 2px 0; text-align: left; vertical-align: top; font-weight: 500; color: var(--soft);
            white-space: nowrap; }
        td { padding: 2px 0; overflow-wrap: anywhere; white-space: pre-wrap; font-family: ui-monospace, monospace; }
        """
}
