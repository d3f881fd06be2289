/* validate_host.h - hosts made of a few files, for the tests of stage `validate`.
 *
 *     host_open(&host); host_put(&host, "/proc/cpuinfo", intel_cpu); use_working_kvm(&host);
 *     host_report(&host); expect(&host, "cpu.vmx", KH_PASS); host_close(&host);
 */
#ifndef TESTS_VALIDATE_HOST_H
#define TESTS_VALIDATE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stages/validate.h"
#include "tests/lib/fixture.h"

/* A host made of a few files, and the report on it. */
struct host {
	struct fixture fixture;
	struct kh_facts facts;
	struct kh_config config;
	struct kh_kvm_probe kvm;
	struct kh_report report;
	bool pretend_live;
};

static inline void host_open(struct host *host)
{
	*host = (struct host){.kvm = {.api_version = -1}};
	fixture_open_empty(&host->fixture);
	kh_strv_add(&host->config.kernel.fragments, "kvm-host");
}

static inline void host_put(struct host *host, const char *path, const char *text)
{
	fixture_put(&host->fixture, path, text);
}

/* Network and boot facts are other files' matter: they stay empty here. */
static inline void host_report(struct host *host)
{
	const struct kh_root *root = &host->fixture.root;
	kh_facts_os_collect(root, &host->facts.os);
	kh_facts_cpu_collect(root, &host->facts.cpu);
	kh_facts_memory_collect(root, &host->facts.memory);
	kh_facts_disk_collect(root, &host->facts.disk);
	kh_facts_pci_collect(root, &host->facts.pci);
	struct kh_root seen = *root;
	seen.is_live = host->pretend_live;
	const struct kh_context context = {
		.config = &host->config, .facts = &host->facts, .root = &seen};
	kh_validate_all(&context, &host->kvm, &host->report);
}

static inline void host_close(struct host *host)
{
	kh_report_done(&host->report);
	kh_strv_done(&host->config.kernel.fragments);
	kh_facts_os_done(&host->facts.os);
	kh_facts_cpu_done(&host->facts.cpu);
	kh_facts_memory_done(&host->facts.memory);
	kh_facts_disk_done(&host->facts.disk);
	kh_facts_pci_done(&host->facts.pci);
	fixture_close(&host->fixture);
}

static inline void expect(const struct host *host, const char *id, enum kh_status status)
{
	const struct kh_check *check = kh_report_find(&host->report, id);
	if (!check)
		fail_msg("no check '%s'", id);
	if (check->status != status)
		fail_msg("%s: %s (%s), wanted %s", id, kh_status_name(check->status), check->found,
			 kh_status_name(status));
}

static inline void expect_found(const struct host *host, const char *id, const char *part)
{
	const struct kh_check *check = kh_report_find(&host->report, id);
	if (!check || !strstr(check->found, part))
		fail_msg("%s: '%s' lacks '%s'", id, check ? check->found : "no such check", part);
}

__attribute__((unused)) static const char intel_cpu[] =
	"processor : 0\nvendor_id : GenuineIntel\nmicrocode : 0x2006e05\n"
	"flags : lm vmx ept vpid pdpe1gb aes constant_tsc nonstop_tsc tsc_deadline_timer x2apic "
	"arch_perfmon avx xsave\nvmx flags : apicv\n";
__attribute__((unused)) static const char amd_cpu[] =
	"processor : 0\nvendor_id : AuthenticAMD\nmicrocode : 0xa101148\n"
	"flags : lm svm npt pdpe1gb aes constant_tsc nonstop_tsc x2apic avx xsave\n";
__attribute__((unused)) static const char bare_cpu[] =
	"processor : 0\nvendor_id : GenuineIntel\nflags : lm hypervisor aes\n";

__attribute__((unused)) static const struct kh_kvm_probe working_kvm = {
	.exists = true,
	.mode = 0660,
	.gid = 106,
	.is_tried = true,
	.can_open = true,
	.api_version = KH_KVM_API_VERSION,
	.can_create_vm = true,
};

static inline void use_working_kvm(struct host *host)
{
	host->kvm = working_kvm;
	host->kvm.group = (char *)(uintptr_t) "kvm";
	host->pretend_live = true;
}

#endif
