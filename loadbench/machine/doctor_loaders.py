"""Which loaders can run here, as findings: pure."""

from collections.abc import Mapping, Sequence

from loadbench.machine.doctor_finding import Finding

AREA = "Loaders"


def loader_findings(reasons: Mapping[str, Mapping[str, str]], broken: Sequence[str]) -> list[Finding]:
    """For each loader and each kind of device that it loads to, why it cannot run there; empty if it can.

    `broken` are plug-ins that cannot be imported, each with its reason.
    """
    running = {name: [kind for kind, why in by_kind.items() if not why] for name, by_kind in reasons.items()}
    able = [f"{name} ({', '.join(kinds)})" for name, kinds in running.items() if kinds]
    seen = f"{len(able)} of {len(reasons)} can run" + (f": {', '.join(able)}" if able else "")
    if able:
        findings = [Finding(AREA, "loaders", "ok", seen, "They are in every sweep.")]
    else:
        findings = [
            Finding(AREA, "loaders", "missing", seen, "There is nothing to sweep.", "See what is missing for each.")
        ]
    for name, by_kind in reasons.items():
        if not running[name]:
            why = "; ".join(dict.fromkeys(by_kind.values())) or "it loads to no device"
            if "not installed" in why:
                findings.append(
                    Finding(AREA, name, "missing", why, "It is skipped.", "Install what is missing, as it says.")
                )
            else:
                findings.append(Finding(AREA, name, "not here", why, "It is skipped."))
    findings += [
        Finding(AREA, "plug-in", "missing", text, "It is left out.", "Repair or uninstall the plug-in.")
        for text in broken
    ]
    return findings
