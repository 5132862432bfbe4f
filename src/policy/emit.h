// The functions of each backend's row in backends.cc: three each, in emit_NAME.cc. Their contracts stand in backend.h.
#pragma once

#include "policy/backend.h"

namespace dozo::policy {

Compiled emit_nftables(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_nftables(std::string_view text);
Parsed<std::vector<Drift>> read_live_nftables(std::string_view live, const RuleSet& rules, const EmitOptions& options);

Compiled emit_windows(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_windows(std::string_view text);
Parsed<std::vector<Drift>> read_live_windows(std::string_view live, const RuleSet& rules, const EmitOptions& options);

Compiled emit_pf(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_pf(std::string_view text);
Parsed<std::vector<Drift>> read_live_pf(std::string_view live, const RuleSet& rules, const EmitOptions& options);

Compiled emit_azure(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_azure(std::string_view text);
Parsed<std::vector<Drift>> read_live_azure(std::string_view live, const RuleSet& rules, const EmitOptions& options);

Compiled emit_routeros(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_routeros(std::string_view text);
Parsed<std::vector<Drift>> read_live_routeros(std::string_view live, const RuleSet& rules, const EmitOptions& options);

Compiled emit_ios(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_ios(std::string_view text);
Parsed<std::vector<Drift>> read_live_ios(std::string_view live, const RuleSet& rules, const EmitOptions& options);

Compiled emit_firewalld(const RuleSet& rules, const EmitOptions& options);
Parsed<std::unique_ptr<CompiledRules>> parse_firewalld(std::string_view text);
Parsed<std::vector<Drift>> read_live_firewalld(std::string_view live, const RuleSet& rules, const EmitOptions& options);

}  // namespace dozo::policy
