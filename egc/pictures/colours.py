"""The colours that all forms of a picture share."""

from egc.pictures.model import Role

COLOURS = {
    Role.CLASS: "#64748b",
    Role.GATEWAY: "#2563eb",
    Role.CERTIFICATE: "#b45309",
    Role.POLICY: "#7c3aed",
    Role.ROUTE: "#0f766e",
    Role.BACKEND: "#0369a1",
}
QUIET = "#94a3b8"
GOVERNS = "#a78bfa"
BROKEN = "#dc2626"
