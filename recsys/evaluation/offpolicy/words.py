"""What estimators are called."""

LABELS = {
    "ips": "Weighted clicks (IPS)",
    "snips": "Weighted clicks over weights (SNIPS)",
    "dm": "Click model alone (DM)",
    "dr": "Click model, corrected by weighted clicks (DR)",
    "switch_dr": "The same without large weights (switch-DR)",
}
