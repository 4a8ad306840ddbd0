"""The stack on one machine: template.yaml in moto, an SMTP door in the place of SES, pumps in the place of Lambda's."""
