#!/bin/sh
# Says where the app is and how to get in. azd sets the variables from what was provisioned.
set -eu
cat <<TEXT

Billing is at ${BILLING_ADDRESS}
The first API key lies in the vault ${AZURE_KEY_VAULT_NAME}; to read it:
  az keyvault secret show --vault-name ${AZURE_KEY_VAULT_NAME} --name first-api-key --query value --output tsv
Is it well?
  curl ${BILLING_ADDRESS}/health
Producers may also send straight to the hub '${EVENTHUB_NAME}' of ${EVENTHUB_NAMESPACE}, with the role Azure Event Hubs Data Sender.
TEXT
