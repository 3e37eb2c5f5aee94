# Says where the app is and how to get in. azd sets the variables from what was provisioned.
Write-Host @"

Billing is at $env:BILLING_ADDRESS
The first API key lies in the vault $env:AZURE_KEY_VAULT_NAME; to read it:
  az keyvault secret show --vault-name $env:AZURE_KEY_VAULT_NAME --name first-api-key --query value --output tsv
Is it well?
  curl $env:BILLING_ADDRESS/health
Producers may also send straight to the hub '$env:EVENTHUB_NAME' of $env:EVENTHUB_NAMESPACE, with the role Azure Event Hubs Data Sender.
"@
