"""Built-in roles and policies that the twin knows, by GUID (Azure documentation: built-in roles, built-in
policy definitions). A unit has many more; the twin refuses those that it does not know, and says so.
"""

from __future__ import annotations

ROLES: dict[str, str] = {
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
}
POLICIES: frozenset[str] = frozenset(
    {
        "cf820ca0-f99e-4f3e-84fb-66e913812d21",
        "fc9b3da7-8347-4380-8e70-0a0361d8dedd",
        "b03bb370-5249-4ea4-9fce-2552e87e45fa",
        "702dd420-7fcc-42c5-afe8-4026edd20fe0",
        "6fac406b-40ca-413b-bf8e-0bf964659c25",
        "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
        "55615ac9-af46-4a59-874e-391cc3dfb490",
        "e8eef0a8-67cf-4eb4-9386-14b0e78733d4",
        "d8cf8476-a2ec-4916-896e-992351803c44",
        "e71308d3-144b-4262-b144-efdc3cc90517",
        "5e1de0e3-42cb-4ebc-a86d-61d0c619ca48",
        "bd876905-5b84-4f73-ab2d-2e7a7c4568d9",
        "83a86a26-fd1f-447c-b59d-e51f44264114",
        "404c3081-a854-4457-ae30-26a93ef643f9",
        "b2982f36-99f2-4db5-8eff-283140c09693",
        "e56962a6-4747-49cd-b67b-bf8b01975c4c",
        "e765b5de-1225-4ba3-bd56-1ac6695af988",
    }
)
POLICY_SETS: frozenset[str] = frozenset({"1f3afdf9-d0c9-4c3d-847f-89da613e70a8"})
