// Prints what AWS's validator says of each template that is named: one JSON line a template.
const { RegoEngine, TemplateFile } = require('@aws/cloudformation-validate');

const engine = new RegoEngine();
for (const path of process.argv.slice(2)) {
  const report = engine.validateStandard(new TemplateFile(path), {
    severityLevel: 'WARN',
    pseudoParameterOverrides: { region: 'eu-central-1', stackName: 'lethe-eu-central-1' },
  });
  const found = report.diagnostics.map((d) => ({ rule: d.ruleId, severity: d.severity, on: d.entity?.logicalId ?? '', message: d.message }));
  console.log(JSON.stringify({ status: report.status, found }));
}
engine.free();
