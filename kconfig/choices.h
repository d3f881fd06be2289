/* choices.h - options of which only one can be chosen, as data.
 *
 * A fragment that says CONFIG_HZ_1000=y takes back the CONFIG_HZ_250=y of a base without naming it;
 * otherwise the loss of that line would stop the build. Only choices that a host's kernel is
 * configured by are here; of others both lines stay, and the comparison tells.
 *
 * Source: "choice" blocks of linux 6.1 and 6.12: kernel/Kconfig.hz, kernel/Kconfig.preempt,
 * kernel/time/Kconfig, mm/Kconfig, drivers/cpufreq/Kconfig, init/Kconfig, lib/Kconfig.debug,
 * kernel/module/Kconfig, arch/x86/Kconfig*, drivers/iommu/Kconfig, net/sched/Kconfig,
 * net/ipv4/Kconfig.
 */
#ifndef KH_KCONFIG_CHOICES_H
#define KH_KCONFIG_CHOICES_H

#include <stdbool.h>

/* Two different members of one choice? */
bool kh_choice_is_other(const char *name, const char *other);

#endif
