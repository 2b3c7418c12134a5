"""What the bank's pages say, in French and English."""

SAID: dict[str, tuple[str, str]] = {
    "bank": ("Banque de démonstration", "Demonstration bank"),
    "warning": (
        "Ceci n’est pas une vraie banque : rien n’est débité. N’entrez jamais une vraie carte.",
        "This is not a real bank: nothing is charged. Never type a real card.",
    ),
    "skip": ("Aller au contenu", "Skip to content"),
    "other_language": ("English", "Français"),
    "pay_title": ("Payer par carte", "Pay by card"),
    "amount": ("Montant", "Amount"),
    "shop": ("Commerçant", "Shop"),
    "order": ("Commande", "Order"),
    "number": ("Numéro de la carte de test", "Test card number"),
    "number_hint": ("Seize chiffres. Choisissez-en une dans la liste.", "Sixteen digits. Pick one from the list."),
    "pay": ("Payer", "Pay"),
    "debit": ("Payer par prélèvement sur un compte", "Pay by direct debit from an account"),
    "houses": ("Les banques jouées ici", "The banks played here"),
    "post_office": ("Le bureau de poste de démonstration", "The demonstration post office"),
    "statements": ("Les relevés et les remises de la banque", "The bank’s statements and settlements"),
    "nothing": (
        "Aucune remise à fausser : payez d’abord par carte, puis clôturez ce compte.",
        "No settlement to get wrong: pay by card first, then close this account.",
    ),
    "is_up": ("répond", "answers"),
    "is_down": ("hors service", "out of service"),
    "take_down": ("La mettre en panne deux minutes", "Take it down for two minutes"),
    "put_back": ("La remettre en service", "Put it back"),
    "parameter_invalid": ("Un champ ne va pas.", "A field is wrong."),
    "cancel": ("Abandonner et revenir au commerçant", "Give up and go back to the shop"),
    "cards": ("Les cartes de test, et ce qu’elles font", "The test cards, and what they do"),
    "use": ("Choisir", "Use"),
    "used": ("Choisie", "Chosen"),
    "bad_card": (
        "Ce numéro n’est pas celui d’une carte de test. Rien n’a été débité.",
        "This is not the number of a test card. Nothing was charged.",
    ),
    "code_title": ("Confirmez que c’est vous", "Confirm it is you"),
    "code_lede": (
        "Votre banque vous a envoyé un code (3-D Secure). Ici, le code est toujours :",
        "Your bank has sent you a code (3-D Secure). Here the code is always:",
    ),
    "code": ("Code à quatre chiffres", "Four-digit code"),
    "confirm": ("Confirmer le paiement", "Confirm the payment"),
    "bad_code": (
        "Ce n’est pas le bon code. Il vous reste un essai ou deux.",
        "Not the right code. One or two tries left.",
    ),
    "authorised": ("Paiement accepté", "Payment accepted"),
    "waiting": ("Paiement en attente d’autorisation", "Payment awaiting authorisation"),
    "refused": ("Paiement refusé", "Payment refused"),
    "abandoned": ("Paiement abandonné", "Payment given up"),
    "expired": ("Page fermée après quinze minutes", "Page closed after fifteen minutes"),
    "open": ("Carte attendue", "Awaiting a card"),
    "challenge": ("Code attendu", "Awaiting the code"),
    "refused_05": (
        "Votre banque refuse cette carte. Rien n’est débité.",
        "Your bank refuses this card. Nothing is charged.",
    ),
    "refused_51": ("Provision insuffisante. Rien n’est débité.", "Not enough funds. Nothing is charged."),
    "refused_": (
        "Votre banque n’a pas pu confirmer que c’est vous. Rien n’est débité.",
        "Your bank could not confirm it is you. Nothing is charged.",
    ),
    "already": (
        "Ce paiement est déjà terminé : il ne se paie pas une seconde fois.",
        "This payment is already finished: it cannot be paid a second time.",
    ),
    "back": ("Revenir chez le commerçant", "Go back to the shop"),
    "fault_title": ("La banque refuse cette demande", "The bank refuses this request"),
    "signature": (
        "La signature n’est pas celle de ce commerçant. Rien n’est débité.",
        "The signature is not this shop’s. Nothing is charged.",
    ),
    "fields": ("Ces champs ne vont pas. Rien n’est débité.", "These fields are wrong. Nothing is charged."),
    "trans_id": (
        "Ce numéro de transaction a déjà servi à un autre paiement. Rien n’est débité.",
        "This transaction number was used for another payment. Nothing is charged.",
    ),
    "unknown": ("Cette page n’existe pas, ou plus.", "This page does not exist, or no longer."),
    "down_title": ("Service interrompu", "Out of service"),
    "down": (
        "La banque ne répond pas pour le moment. Rien n’est débité. Réessayez dans une minute.",
        "The bank does not answer at the moment. Nothing is charged. Try again in a minute.",
    ),
    "list_title": ("Les paiements reçus", "Payments received"),
    "list_lede": (
        "Chaque avis envoyé au serveur du commerçant, et ce qu’il a répondu. On peut les renvoyer.",
        "Every notice sent to the shop’s server, and what it answered. They can be sent again.",
    ),
    "none": ("Aucun paiement encore.", "No payment yet."),
    "notices": ("Avis", "Notices"),
    "refunds": ("Remboursements", "Refunds"),
    "state": ("État :", "State:"),
    "again": ("Renvoyer l’avis", "Send the notice again"),
    "twenty": ("Le renvoyer vingt fois", "Send it twenty times"),
    "forged": ("En envoyer un faux", "Send a forged one"),
    "card_accepted": ("Code demandé, paiement accepté.", "Code asked, payment accepted."),
    "card_frictionless": ("Accepté sans code.", "Accepted without a code."),
    "card_refused": ("Code demandé, carte refusée par la banque.", "Code asked, card refused by the bank."),
    "card_no_funds": ("Code demandé, provision insuffisante.", "Code asked, not enough funds."),
    "card_challenge_refused": ("Le code est toujours refusé (3-D Secure).", "The code is always refused (3-D Secure)."),
    "card_notice_after": (
        "Accepté ; le serveur est prévenu après votre retour.",
        "Accepted; the server is told after your return.",
    ),
    "card_notice_twenty": (
        "Accepté ; le serveur est prévenu vingt fois.",
        "Accepted; the server is told twenty times.",
    ),
    "card_notice_late": (
        "Accepté ; le serveur est prévenu trois heures plus tard (une minute ici).",
        "Accepted; the server is told three hours later (one minute here).",
    ),
    "card_notice_never": ("Accepté ; le serveur n’est jamais prévenu.", "Accepted; the server is never told."),
    "card_notice_forged": (
        "Accepté ; l’avis porte une fausse signature.",
        "Accepted; the notice has a wrong signature.",
    ),
    "card_other_amount": ("Accepté pour un autre montant.", "Accepted for another amount."),
    "card_waiting": (
        "Autorisation en attente, accordée une heure plus tard (vingt secondes ici).",
        "Authorisation pending, given an hour later (twenty seconds here).",
    ),
    "card_outage": ("La banque tombe en panne trente secondes.", "The bank goes down for thirty seconds."),
}


def say(key: str, language: str) -> str:
    """Give the sentence in French or English."""
    french, english = SAID[key]
    return english if language == "en" else french


def euros(cents: int, language: str) -> str:
    """Say an amount of cents."""
    whole, rest = divmod(cents, 100)
    return f"€{whole:,}.{rest:02d}" if language == "en" else f"{whole},{rest:02d}\u00a0€"
