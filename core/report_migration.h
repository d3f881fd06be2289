/* report_migration.h - between the rules of report_migration.c and report_migration_cpu.c. */
#ifndef KH_REPORT_MIGRATION_H
#define KH_REPORT_MIGRATION_H

#include <stdbool.h>

#include "core/report_compare.h"

struct kh_migration {
	const struct kh_compared *reports;
	size_t count;
	json_t *findings;
};

/* text is taken over. */
void kh_migration_add(struct kh_migration *judging, const char *level, const char *what, char *text,
		      const char *fix);
/* Of the machine of one report, along a path; NULL: not there. */
const char *kh_migration_text(const struct kh_migration *judging, size_t index, const char *path);
json_t *kh_migration_value(const struct kh_migration *judging, size_t index, const char *path);
/* "vh1, vh2": those of whom the flag is set. Owned. */
char *kh_migration_labels(const struct kh_migration *judging, const bool *chosen);

/* report_migration_cpu.c */
void kh_migration_judge_cpu(struct kh_migration *judging);

#endif
