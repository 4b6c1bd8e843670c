/**
 * Imports run one way:
 *
 *     core <- sys <- runner <- { firewall, jail } <- cli
 *     core <- sandbox <- cli
 *
 * Each package names all it may import from; whatever it does not name is to its right, or a sibling.
 */
const direction = {
  core: [],
  sys: ["core"],
  runner: ["core", "sys"],
  firewall: ["core", "sys", "runner"],
  jail: ["core", "sys", "runner"],
  sandbox: ["core"],
  cli: ["core", "sys", "runner", "firewall", "jail", "sandbox"]
}

const directionRules = Object.entries(direction).map(([name, allowed]) => ({
  name: `direction-${name}`,
  severity: "error",
  comment: `${name} imports only: ${allowed.join(", ") || "none of the other packages"}`,
  from: { path: `^packages/${name}/` },
  to: {
    path: "(^packages/|@chroot-exec/)[^/]+",
    pathNot: [name, ...allowed].map((other) => `(^packages/|@chroot-exec/)${other}(/|$)`)
  }
}))

module.exports = {
  forbidden: [
    ...directionRules,
    {
      name: "no-circular",
      severity: "error",
      comment: "Modules form no cycle, not even one of types",
      from: {},
      to: { circular: true }
    },
    {
      name: "package-has-a-place",
      severity: "error",
      comment: "A package that the order above does not name has no place in it yet",
      from: { path: "^packages/[^/]+/", pathNot: `^packages/(${Object.keys(direction).join("|")})/` },
      to: {}
    },
    {
      name: "koffi-in-one-file",
      severity: "error",
      comment: "One file of sys is the door to foreign functions",
      from: { pathNot: "^packages/sys/src/internal/koffi\\.ts$" },
      to: { path: "(^|node_modules/)(koffi|@koromix)(/|$)" }
    },
    {
      name: "core-on-effect-alone",
      severity: "error",
      comment: "core is pure: no platform, no Node, no package but effect",
      from: { path: "^packages/core/src/" },
      to: { pathNot: ["^packages/core/src/", "(^|node_modules/)effect(/|$)"] }
    },
    {
      name: "src-not-to-test",
      severity: "error",
      comment: "What ships does not know its tests",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "(^|/)(test|bench|examples|scripts)/", pathNot: "node_modules" }
    },
    {
      name: "internal-stays-inside",
      severity: "error",
      comment: "src/internal belongs to its own package, its tests included",
      from: { path: "^packages/([^/]+)/" },
      to: {
        path: "(^packages/[^/]+/(src|dist)|@chroot-exec/[^/]+)/internal(/|$)",
        pathNot: "^packages/$1/"
      }
    },
    {
      name: "by-name-across-packages",
      severity: "error",
      comment: "Another package is imported by its name, so that its exports decide",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/", pathNot: "^packages/$1/", dependencyTypes: ["local"] }
    },
    {
      name: "commands-share-one-folder",
      severity: "error",
      comment: "A command of cli knows what all of them share, and none of the others",
      from: { path: "^packages/cli/src/(chroot-exec|run-step|sandbox|jail)/" },
      to: { path: "^packages/cli/src/", pathNot: "^packages/cli/src/(shared|$1)/" }
    },
    {
      name: "shared-knows-no-command",
      severity: "error",
      comment: "What the commands share knows none of them",
      from: { path: "^packages/cli/src/shared/" },
      to: { path: "^packages/cli/src/", pathNot: "^packages/cli/src/shared/" }
    },
    {
      name: "no-unresolvable",
      severity: "error",
      comment: "What cannot be resolved cannot be checked either",
      from: {},
      to: { couldNotResolve: true }
    },
    {
      name: "declared-in-package-json",
      severity: "error",
      comment: "src imports only what its package.json lists under dependencies",
      from: { path: "^packages/[^/]+/src/" },
      to: {
        pathNot: "^packages/",
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown", "undetermined"]
      }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^packages/[^/]+/(bin|dist|coverage|test/fixtures)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default"],
      extensions: [".ts", ".mts", ".js", ".mjs", ".cjs", ".d.ts", ".json", ".node"]
    }
  }
}
