#include "scan/self_audit.h"

#include "scan/findings.h"

namespace dozo::scan {

void judge_into(HostRecord& record) {
  for (Finding& finding : judge(record.facts)) record.findings.push_back(std::move(finding));
  std::vector<Finding> sorted;
  for (const Severity severity :
       {Severity::critical, Severity::high, Severity::medium, Severity::low, Severity::info}) {
    for (Finding& finding : record.findings) {
      if (finding.severity == severity) sorted.push_back(std::move(finding));
    }
  }
  record.findings = std::move(sorted);
}

}  // namespace dozo::scan
